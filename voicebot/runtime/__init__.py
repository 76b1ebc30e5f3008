"""The processes of the service: what runs where, who starts, watches and stops whom."""
