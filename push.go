package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"menshen/store"
	"menshen/wechat"
)

// pushes answers what WeChat pushes to /wechat/push/{appid}.
type pushes struct {
	keys  map[string]wechat.PushKey
	store store.Store
	now   func() time.Time
	log   *slog.Logger
}

// ServeHTTP answers 403 to what is not signed by WeChat, 404 for an app that no
// push is set for, and to a message "success", once what it asks for is durable;
// WeChat repeats a message that is answered otherwise.
func (p pushes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, known := p.keys[r.PathValue("appid")]
	if !known {
		http.NotFound(w, r)
		return
	}
	var answer string
	var err error
	if r.Method == http.MethodPost {
		answer, err = "success", p.receive(key, r)
	} else {
		answer, err = key.Challenge(r.URL.Query(), p.now())
	}
	switch {
	case errors.Is(err, wechat.ErrPushRefused):
		plain(w, http.StatusForbidden, "not from WeChat\n")
	case err != nil:
		p.log.Error("push failed", "requestId", noteOf(r.Context()).ID, "error", err)
		plain(w, http.StatusServiceUnavailable, "try again\n")
	default:
		w.Header().Set("X-Content-Type-Options", "nosniff") // echostr is whatever the sender wants
		plain(w, http.StatusOK, answer)
	}
}

// receive does what a message asks for.
func (p pushes) receive(key wechat.PushKey, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return wechat.ErrPushRefused // the sender left, or sent too much
	}
	push, err := key.Open(r.URL.Query(), body, p.now())
	if err != nil {
		return err
	}
	if !push.Privacy() {
		return nil
	}
	erase := push.Erasure()
	return p.store.Withdraw(r.Context(), store.Withdrawal{
		MessageID: push.ID, AppID: push.AppID, OpenID: push.OpenID, UnionID: store.Optional(push.UnionID),
		NickName: erase.NickName, Avatar: erase.Avatar, Phone: erase.Phone, Account: erase.Account,
		Detail: detailOf(push),
	})
}

// detailOf is a message in words, for the audit.
func detailOf(push wechat.Push) store.Optional {
	if len(push.Revoked) == 0 {
		return store.Optional(push.Event)
	}
	return store.Optional(fmt.Sprint(push.Event, " ", push.Revoked))
}
