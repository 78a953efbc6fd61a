"""The day report: one page of HTML to keep or print."""
