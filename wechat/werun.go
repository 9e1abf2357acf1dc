package wechat

import (
	"encoding/json"
	"time"
)

// WeRun is the data of wx.getWeRunData: the user's steps of the last days, in
// WeChat's order.
type WeRun struct {
	Steps []StepDay
}

// StepDay is one day's steps.
type StepDay struct {
	Date  time.Time // midnight in China, as an instant in UTC
	Steps int       // 0 to 2³¹-1
}

func readWeRun(o *object) *WeRun {
	var list []json.RawMessage
	o.decode("stepInfoList", &list)
	if o.odd {
		return nil
	}
	w := &WeRun{Steps: make([]StepDay, 0, len(list))}
	for _, item := range list {
		day, ok := readStepDay(item)
		if !ok {
			return nil
		}
		w.Steps = append(w.Steps, day)
	}
	return w
}

func readStepDay(item json.RawMessage) (StepDay, bool) {
	o, ok := parseObject(item)
	if !ok {
		return StepDay{}, false
	}
	day := StepDay{Date: o.instant("timestamp"), Steps: o.integer("step")}
	return day, !o.odd && o.has("step") && day.Steps >= 0
}
