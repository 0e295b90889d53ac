"""Cost sheets: what each step costs, per CPU model, with range and source."""
