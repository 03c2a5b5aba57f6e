"""Brings what was rendered onto a platform that runs, and says what that would change there.

The core judges and compares values (`readiness`, `rollout`, `comparison`, `refusal`, `waves`);
`deployment` is the order in which a cluster is asked, through a protocol; `api_server` and
`kubeconfig` are the edge.
"""
