"""The stores of the core, one module an aggregate; each narrowed to one transaction's tenant."""
