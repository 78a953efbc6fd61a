"""Faces: commands, screens, pages and printers; thin, they show what services return."""
