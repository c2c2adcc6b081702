package ics

func checkRule(v string) error { return nil }
func endlessRule(v string) bool { return true }
func (s *series) rule(v string, window TimeRange, yield func(stamp) bool) error { return nil }
