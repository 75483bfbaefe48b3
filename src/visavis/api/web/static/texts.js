// Every text of the touch-screen page. A language is a column of its own: add one, and `?lang=` knows it.

const TEXTS = {
  en: {
    title: "Hello!",
    invitation: "Touch the button and talk to me.",
    question: "What would you like to know?",
    you: "You",
    attract: "Touch to talk",
    connecting: "One moment…",
    listening: "I’m listening",
    muted: "Touch to talk",
    thinking: "Thinking…",
    speaking: "Touch to stop",
    still: "Are you still there?",
    blocked: "I can’t hear you: the microphone is blocked. Please ask the staff for help.",
    absent: "I can’t hear you: there is no microphone. Please ask the staff for help.",
    full: "I’m talking to many people just now. One moment…",
    away: "I’ll be right back. One moment…",
    failed: "Sorry, that did not work. Please say it again.",
  },
  zh: {
    title: "您好！",
    invitation: "请触摸按钮，和我说话。",
    question: "您想了解什么？",
    you: "您",
    attract: "触摸说话",
    connecting: "请稍候…",
    listening: "请讲，我在听",
    muted: "触摸说话",
    thinking: "让我想想…",
    speaking: "触摸停止",
    still: "您还在吗？",
    blocked: "我听不见：麦克风被禁用了。请联系工作人员。",
    absent: "我听不见：没有麦克风。请联系工作人员。",
    full: "现在咨询的人较多，请稍候…",
    away: "马上回来，请稍候…",
    failed: "抱歉，刚才没有成功。请再说一遍。",
  },
};

/** The first of the wanted languages (BCP 47 tags) there are texts in, and the texts. */
export function textsFor(tags) {
  const language = tags.map((tag) => tag.toLowerCase().split("-")[0]).find((name) => Object.hasOwn(TEXTS, name)) ?? "en";
  return { language, texts: TEXTS[language] };
}
