"""The Socket.IO side: streams and their events, the unit of work that writes them, the relay that sends them."""
