"""The parts of tools/charts: a run as charts need it (record), the kinds (dots, trials, stages), the pictures (svg)."""
