"""The parts of tools/charts: what a record holds (record), a chart of each kind (dots, trials, stages), the pictures (svg)."""
