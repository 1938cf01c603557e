"""Load tests with stock tools: Locust (locustfile.py) and Artillery (artillery.yml). See docs/load-testing.md."""
