package wechattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

const (
	pushTimeout  = 5 * time.Second // WeChat's own
	maxPushReply = 4 << 10
)

// PushReply is what the receiver answered; WeChat is content with 200 and an
// empty body or "success". At most 4 KiB of the body are kept.
type PushReply struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
}

func deliver(ctx context.Context, to *url.URL, body []byte) (PushReply, error) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return PushReply{}, fmt.Errorf("%w: to is an http URL on loopback", ErrInvalid)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := pushClient.Do(req)
	if err != nil {
		return PushReply{}, fmt.Errorf("%w: %w", ErrUndelivered, cause(err))
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPushReply))
	if err != nil {
		return PushReply{}, fmt.Errorf("%w: %w", ErrUndelivered, err)
	}
	return PushReply{Status: resp.StatusCode, Body: string(text)}, nil
}

// pushClient reaches loopback alone: no proxy, no redirect, and every address
// is looked at once more when it is dialled, whatever its name resolved to.
var pushClient = &http.Client{
	Transport: &http.Transport{
		DialContext:       (&net.Dialer{Control: loopbackOnly}).DialContext,
		DisableKeepAlives: true,
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func loopbackOnly(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !addr.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%w: not a loopback address", ErrInvalid)
	}
	return nil
}

// cause leaves out the URL that net/http puts into its errors.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
