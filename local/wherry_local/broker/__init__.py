"""The brokers: which trigger gets which event, why another does not, and what becomes of it.

`events` puts the parts together. On the way in: `ingress` (the door), `envelope` (the event as it
is kept), `intake` with `subscription` and `filters` (whom it is for). On the way out: `courier`,
with `judgement` and `backoff` for what an answer means. Triggers are from `project_subscriptions`
and `trigger_files`; what schedules send is from `schedules` and `timetable`. `event_routes` shows
all of it, by `history`, `flow` and `documents`.
"""
