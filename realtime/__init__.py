"""The Socket.IO side: streams and their events, the unit of work that writes them, and the relay that sends them."""
