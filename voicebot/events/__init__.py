"""What happens to calls, told to others: signed webhooks from a durable queue, and an event stream."""
