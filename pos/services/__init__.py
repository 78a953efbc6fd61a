"""Services: one method per thing that a person does, each owning one transaction."""
