/**
 * Every word that the user reads, in both languages. `{name}` is replaced by a value.
 *
 * @typedef {'zh-CN' | 'en'} Language
 * @typedef {{ title: string, sentence: string }} Screen
 */

const zh = {
  home: {
    title: '扫码登录',
    lead: '用微信扫一扫，安全登录 {site}，无需记住密码。',
    steps: [
      '在电脑上打开 {site} 的登录页面',
      '用微信扫描页面上的小程序码',
      '核对登录信息，点“确认登录”',
    ],
    caution: '别人发给你的码不要扫，也不要替别人确认登录。',
  },
  labels: {
    site: '网站',
    browser: '浏览器',
    os: '系统',
    ip: 'IP 地址',
    place: '地区',
    time: '发起时间',
    number: '输入电脑屏幕上的两位数字',
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
    waiting_code: {
      title: '在电脑上输入验证码',
      sentence: '请在电脑的登录页面输入下面的六位数字。不要把它告诉任何人。',
    },
    done: { title: '登录成功', sentence: '电脑上已经登录，可以关闭此页面了。' },
    refused: { title: '已拒绝', sentence: '这次登录已取消，电脑上没有登录。' },
    too_late: {
      title: '电脑上已经登录',
      sentence: '来不及取消了。如果不是你本人操作，请尽快在网站上退出登录，并联系网站的管理员。',
    },
    expired: { title: '码已过期', sentence: '请在电脑上刷新登录页面，再扫一次新的码。' },
    not_redeemed: {
      title: '电脑没有完成登录',
      sentence: '电脑上的页面可能已经关闭。请重新打开登录页面，再扫一次码。',
    },
    cancelled: { title: '登录已取消', sentence: '电脑上取消了这次登录。需要时请重新扫码。' },
    replaced: { title: '码已更新', sentence: '电脑上换了新的码，请扫屏幕上现在显示的码。' },
    taken: {
      title: '已被另一台手机扫过',
      sentence: '请在电脑上刷新出新的码，再用这台手机扫一次。',
    },
    already_used: { title: '码已用过', sentence: '请在电脑上刷新登录页面，再扫一次新的码。' },
    failed: { title: '登录没有成功', sentence: '请在电脑上刷新登录页面，再扫一次新的码。' },
    number_failed: {
      title: '数字输错次数太多',
      sentence: '为了安全，这次登录已取消。请在电脑上刷新出新的码，再扫一次。',
    },
    code_failed: {
      title: '电脑上验证码输错次数太多',
      sentence: '为了安全，这次登录已取消。请在电脑上刷新出新的码，再扫一次。',
    },
    code_unknown: {
      title: '无法识别这个码',
      sentence: '它不是登录码，或者早已失效。请在电脑上打开登录页面，扫上面的码。',
    },
    no_code: { title: '还没有扫码', sentence: '请在电脑上打开登录页面，用微信扫上面的码。' },
    lost: { title: '登录请求已失效', sentence: '请在电脑上刷新登录页面，再扫一次新的码。' },
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
    number_needed: '请先输入电脑屏幕上的两位数字。',
    number_wrong: '数字不对，请再看一下电脑屏幕。还可以试 {tries} 次。',
    changed: '登录请求的信息有变化，请重新核对后再确认。',
    check_again: '刚才没有成功，请核对后再试一次。',
    reconnecting: '网络不太稳定，正在重新连接。你已确认，可以先看电脑。',
    nickname_refused: '这个昵称不能使用，请换一个，或者留空。',
  },
  /** The gravest first: so they are shown. @type {Record<string, string>} */
  warnings: {
    hosting_network: '请求来自机房的服务器，一般人不会这样上网。除非你在用代理或 VPN，否则请拒绝。',
    country_differs: '电脑和手机不在同一个国家或地区。如果不是你本人操作，请拒绝。',
    entry_scene: '这个码来自图片，不是直接扫的屏幕。如果是别人发给你的，请拒绝。',
    reusable_code: '这个码会重复使用，请仔细核对是不是你自己的电脑。',
    code_old: '这个码已经显示了一段时间。请确认它就在你面前的屏幕上。',
    network_differs: '电脑和手机用的不是同一个网络。手机用流量时这很正常；电脑不在身边，请拒绝。',
  },
};

/** @type {typeof zh} */
const en = {
  home: {
    title: 'Sign in by scanning',
    lead: 'Scan with WeChat to sign in to {site} safely, with no password to remember.',
    steps: [
      'Open the sign-in page of {site} on your computer',
      'Scan the code on that page with WeChat',
      'Check the details and tap “Sign in”',
    ],
    caution: 'Never scan a code that somebody sent you, and never confirm a sign-in for others.',
  },
  labels: {
    site: 'Website',
    browser: 'Browser',
    os: 'System',
    ip: 'IP address',
    place: 'Place',
    time: 'Requested',
    number: 'Type the two digits on the computer’s screen',
    nickname: 'Nickname (optional)',
    nicknamePlaceholder: 'What to call you',
    privacy: 'Privacy guidelines',
  },
  buttons: {
    confirm: 'Sign in',
    refuse: 'Refuse',
    register: 'Register',
    leave: 'Cancel',
    withdraw: 'Cancel sign-in',
    retry: 'Try again',
    close: 'Close',
  },
  hints: {
    notYou: 'Not you? Tap “Refuse”.',
    newcomer: 'You have no account on this website yet. You can register after confirming.',
    registeredNow: 'Your account is ready. Scan again to sign in.',
    reference:
      'Tell the website’s administrator this reference to get an account. Then scan again to sign in.',
  },
  screens: {
    loading: { title: 'Loading…', sentence: 'One moment, please.' },
    confirm: { title: 'Sign in to {site}', sentence: 'Check the details: is this you?' },
    not_registered: {
      title: 'Register at {site}',
      sentence: 'You have no account here yet. After registering, the sign-in goes on by itself.',
    },
    waiting: {
      title: 'Return to your computer',
      sentence: 'Confirmed. The page on your computer signs in by itself.',
    },
    waiting_code: {
      title: 'Type the code on your computer',
      sentence: 'Enter these six digits on the sign-in page. Do not tell them to anybody.',
    },
    done: { title: 'Signed in', sentence: 'Your computer is signed in. You can close this page.' },
    refused: { title: 'Refused', sentence: 'Nothing was signed in on the computer.' },
    too_late: {
      title: 'The computer is already signed in',
      sentence:
        'It is too late to cancel. If this was not you, sign out on the website now and tell its administrator.',
    },
    expired: {
      title: 'The code has expired',
      sentence: 'Refresh the sign-in page on your computer and scan the new code.',
    },
    not_redeemed: {
      title: 'The computer did not finish',
      sentence: 'Its page may have been closed. Open the sign-in page again and scan the code.',
    },
    cancelled: {
      title: 'Sign-in cancelled',
      sentence: 'It was cancelled on the computer. Scan again when you need to.',
    },
    replaced: {
      title: 'There is a newer code',
      sentence: 'The computer shows a new code now. Please scan that one.',
    },
    taken: {
      title: 'Another phone scanned this code',
      sentence: 'Get a new code on your computer and scan it with this phone.',
    },
    already_used: {
      title: 'This code was already used',
      sentence: 'Refresh the sign-in page on your computer and scan the new code.',
    },
    failed: {
      title: 'The sign-in did not work',
      sentence: 'Refresh the sign-in page on your computer and scan the new code.',
    },
    number_failed: {
      title: 'Too many wrong numbers',
      sentence: 'This sign-in was cancelled to be safe. Get a new code on your computer and scan it.',
    },
    code_failed: {
      title: 'Too many wrong codes on the computer',
      sentence: 'This sign-in was cancelled to be safe. Get a new code on your computer and scan it.',
    },
    code_unknown: {
      title: 'Unknown code',
      sentence:
        'It is not a sign-in code, or long gone. Open the sign-in page on your computer and scan its code.',
    },
    no_code: {
      title: 'No code scanned yet',
      sentence: 'Open the sign-in page on your computer and scan its code with WeChat.',
    },
    lost: {
      title: 'This request is gone',
      sentence: 'Refresh the sign-in page on your computer and scan the new code.',
    },
    registration_closed: {
      title: 'Registration is closed',
      sentence: 'This website takes no new users now. Ask its administrator for an account.',
    },
    blocked: {
      title: 'You cannot sign in',
      sentence: 'Your account may not sign in to this website now. Please ask its administrator.',
    },
    account_deleted: {
      title: 'This account was deleted',
      sentence: 'To go on using the website, scan again and register.',
    },
    no_network: { title: 'No network', sentence: 'Check your phone’s connection and try again.' },
    address_refused: {
      title: 'The mini program is not set up yet',
      sentence: 'The server is not in its list of request domains. Please tell the administrator.',
    },
    server_down: {
      title: 'The service is not available',
      sentence: 'The website’s server did not answer. Please try again later.',
    },
    wechat_busy: {
      title: 'WeChat is busy',
      sentence: 'WeChat’s service cannot be reached now. Please try again later.',
    },
    login_failed: {
      title: 'WeChat sign-in did not work',
      sentence: 'WeChat did not accept it this time. Please try again.',
    },
    slow_down: { title: 'Too many tries', sentence: 'Wait {seconds} seconds, then try again.' },
    unexpected: {
      title: 'Something went wrong',
      sentence: 'Scan again. If it stays like this, update WeChat or tell the administrator.',
    },
  },
  notices: {
    number_needed: 'First type the two digits on the computer’s screen.',
    number_wrong: 'Not the right number. Look at the computer’s screen again. Tries left: {tries}.',
    changed: 'The details of the request have changed. Please check them again.',
    check_again: 'That did not work. Check the details and try once more.',
    reconnecting: 'The connection is weak; trying again. You have confirmed: see your computer.',
    nickname_refused: 'This nickname cannot be used. Choose another, or leave it empty.',
  },
  warnings: {
    hosting_network:
      'The request comes from a server in a data centre. Unless you use a proxy or VPN, refuse.',
    country_differs:
      'Computer and phone are in different countries or regions. Refuse if this is not you.',
    entry_scene:
      'This code came as a picture, not from a screen in front of you. If somebody sent it, refuse.',
    reusable_code: 'This code is used more than once. Check carefully that this is your computer.',
    code_old: 'This code has been shown for a while. Make sure it is on the screen before you.',
    network_differs:
      'Computer and phone use different networks. That is normal on mobile data; if the computer is not with you, refuse.',
  },
};

/** @param {string} language as WeChat or a browser names it: zh_CN, zh-TW, en … */
function textsFor(language) {
  return /^zh/i.test(language) ? zh : en;
}

/**
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

module.exports = { zh, en, textsFor, fill };
