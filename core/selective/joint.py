"""Attacks on encoder, decoder and both limits of a Gaussian-mixture VAE at once.

``TargetedJoint`` and ``FoolingJoint`` are the paper's own (Ghosh, Losalka & Black, 2019, arXiv
1806.00081, Eq. 10 and 11). ``BudgetJoint`` is what it lacks: projected gradient descent within a
hard budget, with several weightings, restarts, and starts from images of the target's class; one
of its weightings follows only what is still in the way, after Bryniarski et al. (2022, arXiv
2106.15023).
"""
