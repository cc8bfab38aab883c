"""Forward passes: packing many docs into one, answers and generated texts out of it."""
