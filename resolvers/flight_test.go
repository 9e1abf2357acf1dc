package resolvers_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"

	"menshen/wechat/wechattest"
)

func TestManySubmissionsOfOneCode(t *testing.T) {
	const many = 32
	s := start(t)
	release := s.wire.hold(t)
	code := s.code("mei")
	answers := s.atOnce(many, func(int) variables { return variables{"code": code} })
	await(t, waitForLogin, many)
	release()
	first := <-answers
	if len(first.Errors) > 0 {
		t.Fatal(first.body)
	}
	for range many - 1 {
		if a := <-answers; a.body != first.body {
			t.Errorf("answers differ:\n%s\n%s", first.body, a.body)
		}
	}
	s.same("calls of WeChat", s.calls(), 1)
	n, err := s.store.CountSessions(t.Context())
	s.need(err)
	s.same("sessions", n, 1)
	s.refused("LOGIN_CODE_INVALID", "", loginDocument, variables{"code": code})
}

// waitForLogin is where a request waits for a login, its own or another's.
const waitForLogin = "resolvers.mutation.loginOnce"

// atOnce sends logins together and returns their answers as they come.
func (s *server) atOnce(count int, v func(i int) variables) <-chan answer {
	answers := make(chan answer, count)
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() {
			a, err := s.post(s.Context(), "", loginDocument, v(i))
			if err != nil {
				s.Error(err)
			}
			answers <- a
		})
	}
	s.Cleanup(group.Wait)
	return answers
}

func TestOneCodeWithOtherArguments(t *testing.T) {
	s := start(t)
	s.login("mei")
	data := input(s.openData("mei", wechattest.KindProfile, nil))
	code := s.code("mei")
	release := s.wire.hold(t)
	first := s.atOnce(1, func(int) variables { return variables{"code": code} })
	await(t, waitForLogin, 1)
	others := s.atOnce(2, func(i int) variables {
		other := maps.Clone(data)
		if i == 1 {
			delete(other, "signature")
			delete(other, "rawData")
		}
		return variables{"code": code, "profile": other}
	})
	await(t, waitForLogin, 3)
	release()
	for range 2 {
		s.failure("LOGIN_CODE_INVALID", <-others)
	}
	if a := <-first; len(a.Errors) > 0 {
		t.Error(a.body)
	}
	s.same("calls of WeChat", s.calls(), 2) // one made the session that the profile needed
}

func TestOneFailureForAll(t *testing.T) {
	s := start(t)
	release := s.wire.hold(t)
	s.need(s.sim.Fault(wechattest.Fault{Path: exchange, ErrCode: 45011}))
	answers := s.atOnce(8, func(int) variables { return variables{"code": "x"} })
	await(t, waitForLogin, 8)
	release()
	for range 8 {
		s.failure("RATE_LIMITED", <-answers)
	}
	s.same("calls of WeChat", s.calls(), 1)
}

func TestTheFirstCallerLeaves(t *testing.T) {
	s := start(t)
	release := s.wire.hold(t)
	code := s.code("mei")
	leaving, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := s.post(leaving, "", loginDocument, variables{"code": code})
		left <- err
	}()
	await(t, waitForLogin, 1)
	answers := s.atOnce(3, func(int) variables { return variables{"code": code} })
	await(t, waitForLogin, 4)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the first caller got %v", err)
	}
	await(t, waitForLogin, 3)
	release()
	for range 3 {
		if a := <-answers; len(a.Errors) > 0 {
			t.Errorf("who stayed got %s", a.body)
		}
	}
	s.same("calls of WeChat", s.calls(), 1)
}

func TestACodeOfOneAppDoesNotWaitForAnother(t *testing.T) {
	s := start(t, twoApps)
	release := s.wire.hold(t)
	code := s.code("mei")
	answers := s.atOnce(2, func(i int) variables {
		return variables{"code": code, "appId": []string{app, otherApp}[i]}
	})
	await(t, waitForLogin, 2)
	release()
	failed := 0
	for range 2 {
		failed += len((<-answers).Errors)
	}
	s.same("refused", failed, 1)
	s.same("calls of WeChat", s.calls(), 2)
}
