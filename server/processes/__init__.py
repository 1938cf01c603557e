"""The processes: the supervisor, the web process and the worker it starts, and the engines that the worker starts."""
