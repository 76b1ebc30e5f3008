"""Audio files of other people's engines: fetched within limits, decoded, and brought to the rate of the line."""
