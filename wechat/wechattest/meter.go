package wechattest

import "time"

// meter counts calls in fixed spans of time, as WeChat's quotas do: "retry
// next minute". Days are those of China.
type meter struct {
	span  time.Duration
	start time.Time
	used  map[string]int
}

// china is how far ahead of UTC WeChat's days begin, the whole year.
const china = 8 * time.Hour

// allow counts one call under name and reports whether it is within limit.
func (m *meter) allow(name string, limit int, now time.Time) bool {
	if start := now.Add(china).Truncate(m.span); !start.Equal(m.start) || m.used == nil {
		m.start, m.used = start, map[string]int{}
	}
	if m.used[name] >= limit {
		return false
	}
	m.used[name]++
	return true
}
