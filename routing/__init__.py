"""Which department, how urgent and where: a pure library without database, web or clock."""
