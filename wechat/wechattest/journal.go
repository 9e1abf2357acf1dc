package wechattest

import (
	"maps"
	"slices"
	"time"
)

const (
	maxRecent = 50  // calls remembered one by one
	maxPaths  = 256 // paths counted
	maxText   = 200 // bytes kept of a path
	maxNames  = 100 // users shown
)

// journalEntry is one call of WeChat's side, without query or body, where the
// secrets are.
type journalEntry struct {
	At      time.Time `json:"at"`
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	AppID   string    `json:"appId"`   // empty where the call named no known app
	Status  int       `json:"status"`  // 0: no answer was sent (hang, reset)
	ErrCode errcode   `json:"errcode"` // 0: none
}

// state is what the phone's page shows.
type state struct {
	Apps   []string       `json:"apps"`
	Users  []string       `json:"users"` // newest first
	Now    time.Time      `json:"now"`
	Faults []wireFault    `json:"faults"`
	Recent []journalEntry `json:"recent"` // newest first
}

// record writes a call down. The caller holds s.mu.
func (s *Simulator) record(c *call, a answer, f Fault) {
	path := cut(c.path)
	if s.calls[path] > 0 || len(s.calls) < maxPaths {
		s.calls[path]++
	}
	status := a.status
	if f.Hang || f.Reset {
		status = 0
	}
	s.recent = slices.Insert(s.recent, 0, journalEntry{
		At: c.now, Method: cut(c.method), Path: path,
		AppID: s.callerOf(c), Status: status, ErrCode: a.errcode,
	})
	s.recent = s.recent[:min(len(s.recent), maxRecent)]
}

// callerOf names the app of a call only when it is one of ours: a stranger
// may have written its secret where the AppID belongs.
func (s *Simulator) callerOf(c *call) string {
	for _, id := range []string{c.appID, c.query.Get("appid")} {
		if _, known := s.apps[id]; known {
			return id
		}
	}
	return ""
}

// Calls counts the calls of each of WeChat's paths, faulted ones included.
func (s *Simulator) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

func (s *Simulator) state() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := slices.Clone(s.names[max(0, len(s.names)-maxNames):])
	slices.Reverse(users)
	return state{
		Apps:   slices.Sorted(maps.Keys(s.apps)),
		Users:  append([]string{}, users...),
		Now:    s.now(),
		Faults: s.pendingFaults(),
		Recent: append([]journalEntry{}, s.recent...),
	}
}

func cut(text string) string { return text[:min(len(text), maxText)] }
