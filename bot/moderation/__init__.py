"""What lets an owner open the bot to a public server: who may do what where, and who decided so. Speaks no Discord."""
