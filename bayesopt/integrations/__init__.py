"""Other programs' interfaces, written on a space, a history and a sampler; each needs its package.

Nothing here is imported by ``import bayesopt``.
"""
