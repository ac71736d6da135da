"""Thermal emission of Venus from millimetres to metres, and what lies below its surface."""
