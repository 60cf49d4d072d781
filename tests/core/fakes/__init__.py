"""Small fakes with memory: the stores, the unit of work, the vendors, and a whole house of them."""
