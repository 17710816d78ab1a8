"""Post: the letter of a session, the durable outbox, and the transports that carry it."""
