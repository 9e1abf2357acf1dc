package wechattest

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const loginPath = "/sns/jscode2session"

func fault(t *testing.T, s *Simulator, f Fault) {
	t.Helper()
	f.Path = loginPath
	if err := s.Fault(f); err != nil {
		t.Fatal(err)
	}
}

// lost sends a code whose answer never comes, and returns the reason.
func lost(ctx context.Context, t *testing.T, s *Simulator, code string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address(s, loginPath, "appid", DevAppID,
		"secret", DevAppSecret, "js_code", code, "grant_type", "authorization_code"), nil)
	if err != nil {
		t.Fatal(err)
	}
	// A transport of its own: one with kept connections would send it twice.
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err == nil {
		resp.Body.Close()
		t.Fatalf("answered with status %d", resp.StatusCode)
	}
	return err
}

func TestFaultInPlaceOfTheWork(t *testing.T) {
	s := fixed(t)
	code := login(t, s, "mei").Code
	fault(t, s, Fault{ErrCode: -1, Times: 2})
	fault(t, s, Fault{ErrCode: 45011})
	fault(t, s, Fault{Status: 502, Body: "<html>Bad Gateway</html>"})
	fault(t, s, Fault{Body: `{"openid":`})
	for _, want := range []int{-1, -1, 45011} {
		exchange(t, s, code).wantFailure(t, want)
	}
	if g := exchange(t, s, code); g.status != 502 || string(g.body) != "<html>Bad Gateway</html>" {
		t.Errorf("got %d %s", g.status, g.body)
	}
	if g := exchange(t, s, code); g.status != 200 || string(g.body) != `{"openid":` {
		t.Errorf("got %d %s", g.status, g.body)
	}
	exchange(t, s, code).text(t, "openid")
	if n := s.Calls()[loginPath]; n != 6 {
		t.Errorf("%d calls counted, want 6", n)
	}
}

func TestFaultOfAnotherPath(t *testing.T) {
	s := fixed(t)
	fault(t, s, Fault{ErrCode: -1})
	token(t, s)
	exchange(t, s, login(t, s, "mei").Code).wantFailure(t, -1)
}

// Ensure that an answer lost on its way has spent the code.
func TestReset(t *testing.T) {
	s := fixed(t)
	code := login(t, s, "mei").Code
	fault(t, s, Fault{Reset: true})
	if err := lost(t.Context(), t, s, code); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want a reset", err)
	}
	exchange(t, s, code).wantFailure(t, 40163)
}

func TestHang(t *testing.T) {
	s := fixed(t)
	code := login(t, s, "mei").Code
	fault(t, s, Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := lost(ctx, t, s, code); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	exchange(t, s, code).wantFailure(t, 40163)
	if status := s.state().Recent[1].Status; status != 0 {
		t.Errorf("the journal has status %d for no answer", status)
	}
}

func TestDelay(t *testing.T) {
	s := fixed(t)
	fault(t, s, Fault{Delay: 30 * time.Millisecond})
	start := time.Now()
	exchange(t, s, login(t, s, "mei").Code).text(t, "openid")
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
	t.Run("ends with the client", func(t *testing.T) {
		fault(t, s, Fault{Delay: 10 * time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := lost(ctx, t, s, login(t, s, "mei").Code); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	})
	t.Run("of a failure", func(t *testing.T) {
		fault(t, s, Fault{Delay: time.Millisecond, ErrCode: -1})
		exchange(t, s, login(t, s, "mei").Code).wantFailure(t, -1)
	})
}

func TestFaultRefusals(t *testing.T) {
	s := fixed(t)
	for name, f := range map[string]Fault{
		"nothing":                 {Path: loginPath},
		"no path":                 {ErrCode: -1},
		"the control api's path":  {Path: "/sim/login", ErrCode: -1},
		"errcode with body":       {Path: loginPath, ErrCode: -1, Body: "x"},
		"hang with reset":         {Path: loginPath, Hang: true, Reset: true},
		"an informational status": {Path: loginPath, Status: 101},
		"a status of no kind":     {Path: loginPath, Status: 600},
		"a negative delay":        {Path: loginPath, Delay: -1},
		"a long delay":            {Path: loginPath, Delay: time.Hour},
		"negative times":          {Path: loginPath, ErrCode: -1, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Fault(f); !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
		})
	}
	for range maxFaults {
		fault(t, s, Fault{ErrCode: -1})
	}
	if err := s.Fault(Fault{Path: loginPath, ErrCode: -1}); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
}

func TestPendingFaults(t *testing.T) {
	s := fixed(t)
	fault(t, s, Fault{Delay: 1500 * time.Millisecond, Times: 2})
	want := []any{map[string]any{"path": loginPath, "delay": "1.5s", "times": 2.0}}
	if diff := cmp.Diff(want, get(t, s, "/sim/state").object(t)["faults"]); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}
