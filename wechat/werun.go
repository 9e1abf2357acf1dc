package wechat

import (
	"encoding/json"
	"time"
)

// WeRun is the data of wx.getWeRunData: the user's steps of the last days, in
// WeChat's order.
type WeRun struct {
	Steps []Day
}

// Day is one day's steps.
type Day struct {
	Date  time.Time // midnight in China, as an instant in UTC
	Steps int       // 0 to 2³¹-1
}

func readWeRun(o *object) *WeRun {
	var list []json.RawMessage
	o.decode("stepInfoList", &list)
	if o.odd {
		return nil
	}
	w := &WeRun{Steps: make([]Day, 0, len(list))}
	for _, item := range list {
		day, ok := readDay(item)
		if !ok {
			return nil
		}
		w.Steps = append(w.Steps, day)
	}
	return w
}

func readDay(item json.RawMessage) (Day, bool) {
	o, ok := parseObject(item)
	if !ok {
		return Day{}, false
	}
	day := Day{Date: o.instant("timestamp"), Steps: o.integer("step")}
	return day, !o.odd && o.has("step") && day.Steps >= 0
}
