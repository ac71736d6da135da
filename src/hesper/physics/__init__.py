"""Physics that more than one system needs: arrays and floats in, arrays out."""
