"""What people see, and the keys they press, while a run goes on."""
