"""Tables, one module a noun, and what every change is written with: streams, audit chains, access through an actor."""
