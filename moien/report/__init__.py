"""What people look at and listen to: the verdict, the table, the page, the model card."""
