"""The package seen as a house: its rooms, the floors that they stand on, and who imports whom."""
