"""An invented university for the demo, the examples and the benchmarks. Nobody in it exists.

university.py  its people and units: those of cast.py, then as many others as are wanted
days.py        its two days as registration data; snapshots.py: written as a snapshot
story.py       what happens, as commands; stage.py: where they are typed
"""
