// Package wechattest is the simulator: a pretend WeChat, a real HTTP server
// that answers as api.weixin.qq.com does, for tests and for development
// without an AppID or a network. It is written from WeChat's documents and
// shares no code with any client, so that the two cannot be wrong together.
//
// # In a Go test
//
// [New] starts a simulator on loopback that ends with the test. Point the
// code under test at its URL, and play the phone through the methods:
//
//	sim := wechattest.New(t)
//	client := yours.NewClient(sim.URL(), wechattest.DevAppID, wechattest.DevAppSecret)
//
//	login, err := sim.Login(wechattest.DevAppID, "mei")   // wx.login
//	session, err := client.Exchange(login.Code)           // your code; one call of jscode2session
//	sim.Advance(5 * time.Minute)                          // now every older code is dead: 40029
//	sim.Fault(wechattest.Fault{Path: "/sns/jscode2session", ErrCode: 45011})
//
// # From any other language
//
// `menshen simulator` serves the same thing, and a control API in JSON does
// what the methods do. Every POST needs Content-Type: application/json, so
// that no page in a developer's browser can send one unasked:
//
//	POST /sim/login       {"appId","user","rotate"?}               {"code","openId","unionId"?}
//	POST /sim/data        {"appId","user","kind","payload"?}       {"encryptedData","iv","rawData"?,"signature"?}
//	POST /sim/phone-code  {"appId","user","phoneNumber"?}          {"code"}
//	POST /sim/bind        {"appIds"}                               {}
//	POST /sim/faults      {"path","errcode"?,"status"?,"body"?,"delay"?,"hang"?,"reset"?,"times"?}   {}
//	POST /sim/clock       {"advance"}                              {"now"}
//	POST /sim/push        {"appId","user","event","to","mode","payload"?,"token"?,"aesKey"?}         {"status","body"}
//	GET  /sim/calls                                                {"/sns/jscode2session":3}
//	GET  /sim/state       what the page at / shows
//
// A mistake is answered with status 400 and {"error": "a sentence"}.
//
// # What it keeps to
//
// Login codes and phone codes live five minutes and work once. session_key
// belongs to a user of an app and is replaced by some logins (see
// [Options].RotateAfter); a code exchanged late answers with the key of its
// own login, which may be dead by then. unionid appears once apps are bound.
// Failures are HTTP 200 with errcode and an errmsg that ends in a rid.
//
// One seed, one clock and one order of requests give the same openids, keys,
// codes and tokens, byte for byte. A user's openid and unionid depend on the
// seed and the names alone, so they outlive a restart.
//
// It does not meter WeChat's large quotas (10,000 a minute and more), check
// IP whitelists or know which pages an app has; a [Fault] plays those.
package wechattest
