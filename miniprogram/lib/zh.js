/** Every word that the user reads, in Chinese. `{name}` is replaced by a value. */

/** @typedef {{ title: string, sentence: string }} Screen */

const zh = {
  home: {
    title: '扫码登录',
    lead: '用微信扫一扫，安全登录 {site}，无需记住密码。',
    steps: [
      '在电脑上打开 {site} 的登录页面',
      '用微信扫描页面上的小程序码',
      '核对登录信息，点“确认登录”',
    ],
    scan: '扫一扫登录',
    account: '我的账号',
    caution: '别人发给你的码不要扫，也不要替别人确认登录。',
  },
  labels: {
    site: '网站',
    browser: '浏览器',
    os: '系统',
    ip: 'IP 地址',
    place: '地区',
    time: '发起时间',
    number: '输入登录页面上的两位数字',
    nickname: '昵称（选填）',
    nicknamePlaceholder: '给自己起个名字',
    privacy: '查看隐私保护指引',
  },
  buttons: {
    confirm: '确认登录',
    refuse: '拒绝',
    register: '注册并登录',
    leave: '取消',
    withdraw: '取消登录',
    retry: '重试',
    close: '关闭',
    chat: '给电脑发消息',
    devices: '我的设备',
  },
  hints: {
    notYou: '不是你本人操作？请点“拒绝”。',
    newcomer: '你还没有这个网站的账号，确认后可以马上注册。',
    registeredNow: '账号已注册成功，重新扫码即可登录。',
    reference: '把上面的编号告诉网站的管理员，就可以请他为你开通。开通后重新扫码即可登录。',
  },
  /** @type {Record<string, Screen>} */
  screens: {
    loading: { title: '正在加载…', sentence: '请稍候。' },
    confirm: { title: '登录 {site}', sentence: '请核对下面的信息，确认是你本人在登录。' },
    not_registered: {
      title: '注册 {site} 账号',
      sentence: '你的微信还没有注册过。注册后将继续登录，不用重新扫码。',
    },
    waiting: { title: '请回到电脑', sentence: '已确认，电脑上的页面会自动登录。' },
    waiting_here: { title: '请回到登录页面', sentence: '已确认，登录页面会自动登录。' },
    waiting_code: {
      title: '在登录页面输入验证码',
      sentence: '请在登录页面输入下面的六位数字。不要把它告诉任何人。',
    },
    done: { title: '登录成功', sentence: '电脑上已经登录，可以关闭此页面了。' },
    done_here: { title: '登录成功', sentence: '登录页面已经登录，可以回到那里了。' },
    refused: { title: '已拒绝', sentence: '这次登录已取消，登录页面不会登录。' },
    too_late: {
      title: '已经登录了',
      sentence: '来不及取消了。如果不是你本人操作，请马上到“我的设备”里让它退出登录。',
    },
    expired: { title: '码已过期', sentence: '请刷新登录页面，再扫一次新的码。' },
    not_redeemed: {
      title: '登录没有完成',
      sentence: '登录页面可能已经关闭。请重新打开它，再扫一次码。',
    },
    cancelled: { title: '登录已取消', sentence: '这次登录在登录页面上取消了。需要时请重新扫码。' },
    replaced: { title: '码已更新', sentence: '登录页面换了新的码，请扫现在显示的码。' },
    taken: {
      title: '已被另一台手机扫过',
      sentence: '请在登录页面上刷新出新的码，再用这台手机扫一次。',
    },
    already_used: { title: '码已用过', sentence: '请刷新登录页面，再扫一次新的码。' },
    failed: { title: '登录没有成功', sentence: '请刷新登录页面，再扫一次新的码。' },
    number_failed: {
      title: '数字输错次数太多',
      sentence: '为了安全，这次登录已取消。请在登录页面上刷新出新的码，再扫一次。',
    },
    code_failed: {
      title: '验证码输错次数太多',
      sentence: '为了安全，这次登录已取消。请在登录页面上刷新出新的码，再扫一次。',
    },
    code_unknown: {
      title: '无法识别这个码',
      sentence: '它不是登录码，或者早已失效。请打开登录页面，扫上面的码。',
    },
    no_code: { title: '还没有扫码', sentence: '请打开登录页面，用微信扫上面的码。' },
    lost: { title: '登录请求已失效', sentence: '请刷新登录页面，再扫一次新的码。' },
    registration_closed: {
      title: '暂不开放注册',
      sentence: '这个网站目前不接受新用户。如需账号，请联系网站的管理员。',
    },
    blocked: {
      title: '无法登录',
      sentence: '你的账号目前不能登录这个网站。如有疑问，请联系网站的管理员。',
    },
    account_deleted: {
      title: '账号已注销',
      sentence: '这个账号已经不存在。如要继续使用，请重新扫码并注册。',
    },
    no_network: { title: '网络连接失败', sentence: '请检查手机网络，然后再试一次。' },
    address_refused: {
      title: '小程序尚未配置好',
      sentence: '服务器地址不在小程序的合法域名里。请联系网站的管理员。',
    },
    server_down: { title: '服务暂时不可用', sentence: '网站的服务器没有响应，请稍后再试。' },
    wechat_busy: { title: '微信繁忙', sentence: '暂时连不上微信的服务，请稍后再试。' },
    login_failed: { title: '微信登录没有成功', sentence: '微信没有认可这次登录，请再试一次。' },
    slow_down: { title: '操作太频繁', sentence: '请等 {seconds} 秒再试。' },
    unexpected: {
      title: '出了点问题',
      sentence: '请重新扫码。如果一直这样，请更新微信，或联系网站的管理员。',
    },
  },
  /** @type {Record<string, string>} */
  notices: {
    number_needed: '请先输入登录页面上的两位数字。',
    number_wrong: '数字不对，请再看一下登录页面。还可以试 {tries} 次。',
    changed: '登录请求的信息有变化，请重新核对后再确认。',
    check_again: '刚才没有成功，请核对后再试一次。',
    reconnecting: '网络不太稳定，正在重新连接。你已确认，可以先看登录页面。',
    nickname_refused: '这个昵称不能使用，请换一个，或者留空。',
    nickname_missing: '请先填写昵称。',
    browser_gone: '登录页面已经关闭。如果是你关的，请重新打开它，再扫一次码。',
    try_again: '没有成功，请稍后再试。如果一直这样，请更新微信，或联系网站的管理员。',
    scan_failed: '没能打开扫一扫。请在手机设置里允许微信使用相机，然后再试一次。',
    scan_foreign: '这不是 {site} 的登录码。请扫登录页面上的小程序码。',
    privacy_unavailable: '没能打开隐私保护指引。请点右上角“···”，在小程序资料里查看。',
    privacy_undeclared: '网站还没有声明如何使用这项信息，所以不能填写。可以先留空，并告诉网站的管理员。',
    privacy_refused: '你没有同意使用这项信息。留空也可以继续；想填写时再点一次并选“同意”。',
    avatar_unreadable: '没能读取这张图片，请换一张再试。',
    avatar_too_large: '这张图片太大，请换一张小一些的。',
    avatar_refused: '这张图片不能用作头像，请换一张 JPG 或 PNG 图片。',
    avatar_broken: '这张图片已损坏或像素太多，请换一张。',
    avatar_later: '现在不能更换头像，请 {minutes} 分钟后再试。',
    leave_failed: '没能关闭页面。请点右上角的圆圈离开。',
    too_long: '一条最多 1000 个字，请删去 {over} 个字再发。',
    peer_absent:
      '电脑上的页面没有打开，这条没有送到。请打开 {site} 的页面后再发；如果页面开着，请用这台手机重新扫码登录一次。',
    not_connected: '还没有连接上，请稍等再发。',
  },
  /** The gravest first: so they are shown. @type {Record<string, string>} */
  warnings: {
    hosting_network: '请求来自机房的服务器，一般人不会这样上网。除非你在用代理或 VPN，否则请拒绝。',
    country_differs: '电脑和手机不在同一个国家或地区。如果不是你本人操作，请拒绝。',
    entry_link: '登录是从链接打开的。如果链接是别人发给你的，请拒绝。',
    entry_scene: '这个码来自图片，不是直接扫的屏幕。如果是别人发给你的，请拒绝。',
    reusable_code: '这个码会重复使用，请仔细核对是不是你自己的电脑。',
    code_old: '这个码已经显示了一段时间。请确认它就在你面前的屏幕上。',
    network_differs: '电脑和手机用的不是同一个网络。手机用流量时这很正常；电脑不在身边，请拒绝。',
  },
  /** How long ago a login was asked for. */
  ages: { now: '{time}（刚刚）', minutes: '{time}（{minutes} 分钟前）' },
  devices: {
    title: '我的设备',
    show: '查看已登录的设备',
    lead: '这些浏览器用你的账号登录了 {site}。',
    none: '现在没有浏览器用你的账号登录。',
    isNew: '新',
    since: '{time} 登录',
    seen: '最近使用 {time}',
    unknown: '未知的浏览器',
    end: '退出登录',
    report: '不是我',
    all: '全部退出登录',
    chat: '发消息',
    ask: {
      end: '要让“{name}”退出登录吗？',
      report: '“{name}”的登录不是你本人操作吗？它会马上退出，网站也会留下记录。',
      all: '要让全部 {count} 个浏览器都退出登录吗？',
    },
    yes: { end: '退出登录', report: '不是我', all: '全部退出' },
    told: {
      end: '已让它退出登录。',
      report: '已让它退出登录，并记下了这次登录不是你本人操作。以后不要扫别人发来的码。',
      all: '全部浏览器都已退出登录。',
    },
  },
  profile: {
    /** @type {Record<string, Screen>} */
    screens: {
      loading: { title: '我的账号', sentence: '请稍候。' },
      newcomer: {
        title: '注册 {site} 账号',
        sentence: '你的微信还没有注册过。头像和昵称都可以不填。',
      },
      account: { title: '我的账号', sentence: '你在 {site} 的账号，用微信扫码登录。' },
      signed_out: {
        title: '已退出',
        sentence: '这台手机已退出 {site} 的账号，浏览器上的登录不受影响。',
      },
      deleted: {
        title: '账号已注销',
        sentence: '你在 {site} 的账号和资料都已删除，所有浏览器都已退出登录。',
      },
    },
    avatar: '选择头像（选填）',
    changeAvatar: '更换头像',
    nickname: '昵称',
    save: '保存昵称',
    register: '注册',
    signOut: '退出账号',
    signIn: '重新登录',
    home: '返回首页',
    askDelete: '注销账号',
    deleteQuestion:
      '注销后，你在 {site} 的账号、头像、昵称和登录记录都会删除，所有浏览器都会退出登录，而且无法恢复。',
    deleteAccount: '确认注销',
    /** @type {Record<string, string>} */
    told: {
      saved: '昵称已保存。',
      avatar_saved: '头像已更新。',
      registered: '注册成功。扫码就可以登录网站了。',
    },
  },
  chat: {
    computer: '电脑',
    lead: '发出的文字和链接会马上显示在“{browser}”打开的 {site} 页面上，不会保存。',
    empty: '还没有消息。',
    placeholder: '输入文字或链接',
    copy: '长按文字可以复制。',
    send: '发送',
    reconnect: '重新连接',
    failed: '没有送到',
    /** @type {Record<string, string>} */
    presence: {
      connecting: '正在连接…',
      closed: '正在连接…',
      lost: '连接断开了，正在重新连接…',
      elsewhere: '已在另一个窗口打开。要在这里继续，请点“重新连接”。',
      slow_down: '发得太快，连接被断开。请等一会儿，再点“重新连接”。',
      stopped: '连接已断开。请点“重新连接”；如果一直这样，请更新微信。',
      unknown: '已连接。',
      here: '电脑上的页面已打开。',
      away: '电脑上的页面没有打开。打开 {site} 的页面后再发。',
    },
  },
};

module.exports = zh;
