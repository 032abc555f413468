// What the phone says beside the mini program: whose words those are stands in miniprogram/lib.

const zh = {
  bench: {
    title: "模拟手机",
    about: "代替真手机和微信，供演示与测试使用。",
    user: "拿着手机的微信用户",
    addUser: "添加用户",
    nickname: "昵称",
    add: "添加",
    entry: "打开方式",
    entries: { 1047: "1047 · 扫一扫", 1048: "1048 · 长按图片识别", 1049: "1049 · 从相册选取", 1286: "1286 · 网页里的链接" },
    again: "重新扫码",
    language: "语言",
    settings: "设置",
  },
  home: {
    nothing: "电脑上还没有登录码，请先打开登录页。",
    label: "没有相机？粘贴码里的链接",
    placeholder: "http://…/phone?scene=…",
    open: "打开",
    invalid: "链接里没有 scene，请粘贴完整的链接。",
  },
  pick: { title: "谁在用这部手机？", text: "选一位微信用户，之后会记住。" },
};

const en = {
  bench: {
    title: "Simulated phone",
    about: "Stands in for a phone with WeChat, for demos and tests.",
    user: "WeChat user with this phone",
    addUser: "Add a user",
    nickname: "Nickname",
    add: "Add",
    entry: "Opened by",
    entries: { 1047: "1047 · scanning", 1048: "1048 · long press on a picture", 1049: "1049 · picture from album", 1286: "1286 · link in a page" },
    again: "Scan again",
    language: "Language",
    settings: "Settings",
  },
  home: {
    nothing: "There is no code on the computer yet. Open the login page first.",
    label: "No camera? Paste the link in the code",
    placeholder: "http://…/phone?scene=…",
    open: "Open",
    invalid: "This link carries no scene. Paste all of it.",
  },
  pick: { title: "Who holds this phone?", text: "Pick a WeChat user. The choice is remembered." },
};

export const strings = { "zh-CN": zh, en };
