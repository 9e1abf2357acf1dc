package wechattest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"menshen/wechat/wechattest"
)

// The server under test exchanges a code; the test plays the phone. In a test
// of your own, wechattest.New(t) starts and ends the server.
func Example() {
	sim := wechattest.NewSimulator(wechattest.Options{Seed: 1})
	server := httptest.NewServer(sim)
	defer server.Close()

	exchange := func(code string) (answer struct {
		OpenID  string `json:"openid"`
		ErrCode int    `json:"errcode"`
	}) {
		query := url.Values{"appid": {wechattest.DevAppID}, "secret": {wechattest.DevAppSecret},
			"js_code": {code}, "grant_type": {"authorization_code"}}
		resp, err := http.Get(server.URL + "/sns/jscode2session?" + query.Encode())
		if err != nil {
			panic(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			panic(err)
		}
		return answer
	}

	login, err := sim.Login(wechattest.DevAppID, "mei")
	fmt.Println("the phone has a code:", login.Code != "", err)
	fmt.Println("it is mei's:", exchange(login.Code).OpenID == login.OpenID)
	fmt.Println("a second time:", exchange(login.Code).ErrCode)

	late, err := sim.Login(wechattest.DevAppID, "mei")
	fmt.Println("five minutes later:", sim.Advance(5*time.Minute), exchange(late.Code).ErrCode, err)

	fault := wechattest.Fault{Path: "/sns/jscode2session", ErrCode: 45011}
	fmt.Println("throttled:", sim.Fault(fault), exchange("any").ErrCode)
	// Output:
	// the phone has a code: true <nil>
	// it is mei's: true
	// a second time: 40163
	// five minutes later: <nil> 40029 <nil>
	// throttled: <nil> 45011
}
