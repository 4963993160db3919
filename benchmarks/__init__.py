"""What taggers costs, beside its peers on the same work: `make bench`.

    figures ─► heats ─► contenders, in turn, each a process of its own ─► samples ─► report
                             ▲
                        responder, a process of its own on another core

A figure is a ratio of medians (or a difference, or a plain number) of what contenders measured in
the same heat.
"""
