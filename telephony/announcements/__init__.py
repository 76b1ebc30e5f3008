"""What answered a dialled call: tones, announcements of the network, machines and people."""
