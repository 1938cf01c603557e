"""What runs: the supervisor and the two processes that it starts, web and worker, and the engines that the worker starts."""
