"""Faults over real sockets: what taggers says of each, against a server's ledger on disk.

    make soak                 every scenario with its big numbers, as a table
    make soak ONLY=F4         those of one fault
    pytest tests/faults       every kind of fault, with small numbers

`plan` says what a server does, `server` does it in a process of its own and writes `ledger`;
`worker` is a process that calls taggers; `scenarios` are the faults, `verdict` is what counts.
"""
