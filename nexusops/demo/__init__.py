"""An invented university for the demo, the examples and the benchmarks. Nobody in it exists."""
