"""What Xuanpin costs: ratios and percentiles, measured on the machine at hand."""
