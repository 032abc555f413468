/** Every word that the user reads, in English. `{name}` is replaced by a value. */

/** @type {typeof import('./zh')} */
const en = {
  home: {
    title: 'Sign in by scanning',
    lead: 'Scan with WeChat to sign in to {site} safely, with no password to remember.',
    steps: [
      'Open the sign-in page of {site} on your computer',
      'Scan the code on that page with WeChat',
      'Check the details and tap “Sign in”',
    ],
    scan: 'Scan to sign in',
    account: 'My account',
    caution: 'Never scan a code that somebody sent you, and never confirm a sign-in for others.',
  },
  labels: {
    site: 'Website',
    browser: 'Browser',
    os: 'System',
    ip: 'IP address',
    place: 'Place',
    time: 'Requested',
    number: 'Type the two digits on the sign-in page',
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
    chat: 'Send to computer',
    devices: 'My devices',
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
    waiting_here: {
      title: 'Return to the sign-in page',
      sentence: 'Confirmed. The sign-in page signs in by itself.',
    },
    waiting_code: {
      title: 'Type the code on the sign-in page',
      sentence: 'Enter these six digits on the sign-in page. Do not tell them to anybody.',
    },
    done_here: { title: 'Signed in', sentence: 'The sign-in page is signed in. You can return to it.' },
    done: { title: 'Signed in', sentence: 'Your computer is signed in. You can close this page.' },
    refused: { title: 'Refused', sentence: 'The sign-in page will not be signed in.' },
    too_late: {
      title: 'Already signed in',
      sentence:
        'It is too late to cancel. If this was not you, sign it out under “My devices” now.',
    },
    expired: {
      title: 'The code has expired',
      sentence: 'Refresh the sign-in page and scan the new code.',
    },
    not_redeemed: {
      title: 'The sign-in was not finished',
      sentence: 'The sign-in page may have been closed. Open it again and scan the code.',
    },
    cancelled: {
      title: 'Sign-in cancelled',
      sentence: 'It was cancelled on the sign-in page. Scan again when you need to.',
    },
    replaced: {
      title: 'There is a newer code',
      sentence: 'The sign-in page shows a new code now. Please scan that one.',
    },
    taken: {
      title: 'Another phone scanned this code',
      sentence: 'Get a new code on the sign-in page and scan it with this phone.',
    },
    already_used: {
      title: 'This code was already used',
      sentence: 'Refresh the sign-in page and scan the new code.',
    },
    failed: {
      title: 'The sign-in did not work',
      sentence: 'Refresh the sign-in page and scan the new code.',
    },
    number_failed: {
      title: 'Too many wrong numbers',
      sentence: 'This sign-in was cancelled to be safe. Get a new code on the sign-in page and scan it.',
    },
    code_failed: {
      title: 'Too many wrong codes',
      sentence: 'This sign-in was cancelled to be safe. Get a new code on the sign-in page and scan it.',
    },
    code_unknown: {
      title: 'Unknown code',
      sentence:
        'It is not a sign-in code, or long gone. Open the sign-in page and scan its code.',
    },
    no_code: {
      title: 'No code scanned yet',
      sentence: 'Open the sign-in page and scan its code with WeChat.',
    },
    lost: {
      title: 'This request is gone',
      sentence: 'Refresh the sign-in page and scan the new code.',
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
    number_needed: 'First type the two digits on the sign-in page.',
    number_wrong: 'Not the right number. Look at the sign-in page again. Tries left: {tries}.',
    changed: 'The details of the request have changed. Please check them again.',
    check_again: 'That did not work. Check the details and try once more.',
    reconnecting: 'The connection is weak; trying again. You have confirmed: see the sign-in page.',
    nickname_refused: 'This nickname cannot be used. Choose another, or leave it empty.',
    nickname_missing: 'First type a nickname.',
    browser_gone: 'The sign-in page was closed. If you closed it, open it again and scan the code.',
    try_again:
      'That did not work. Try again later. If it stays like this, update WeChat or tell the administrator.',
    scan_failed: 'The scanner did not open. Allow WeChat to use the camera, then try again.',
    scan_foreign: 'That is no sign-in code of {site}. Scan the code on its sign-in page.',
    privacy_unavailable: 'The guidelines did not open. You find them under “···” at the top right.',
    privacy_undeclared:
      'The website has not declared how it uses this, so it cannot be filled in. Leave it empty, and tell the administrator.',
    privacy_refused:
      'You did not agree to the use of this. You can go on without it, or tap again and agree.',
    avatar_unreadable: 'This picture cannot be read. Please choose another.',
    avatar_too_large: 'This picture is too large. Please choose a smaller one.',
    avatar_refused: 'This picture cannot be used. Please choose a JPG or PNG picture.',
    avatar_broken: 'This picture is damaged or has too many pixels. Please choose another.',
    avatar_later: 'The picture cannot be changed now. Try again in {minutes} min.',
    leave_failed: 'The page could not close. Leave by the circle at the top right.',
    too_long: 'A message has at most 1000 characters. Remove {over}, then send it.',
    peer_absent:
      'Not delivered: the page on the computer is closed. Open {site} there. If it is open, sign in once more with this phone.',
    not_connected: 'Not connected yet. Wait a moment, then send again.',
  },
  warnings: {
    hosting_network:
      'The request comes from a server in a data centre. Unless you use a proxy or VPN, refuse.',
    country_differs:
      'Computer and phone are in different countries or regions. Refuse if this is not you.',
    entry_link: 'This sign-in was opened by a link. If somebody sent you the link, refuse.',
    entry_scene:
      'This code came as a picture, not from a screen in front of you. If somebody sent it, refuse.',
    reusable_code: 'This code is used more than once. Check carefully that this is your computer.',
    code_old: 'This code has been shown for a while. Make sure it is on the screen before you.',
    network_differs:
      'Computer and phone use different networks. That is normal on mobile data; if the computer is not with you, refuse.',
  },
  ages: { now: '{time} (just now)', minutes: '{time} ({minutes} min ago)' },
  devices: {
    title: 'My devices',
    show: 'Show where I am signed in',
    lead: 'These browsers are signed in to {site} with your account.',
    none: 'No browser is signed in with your account now.',
    isNew: 'new',
    since: 'Signed in {time}',
    seen: 'Last used {time}',
    unknown: 'Unknown browser',
    end: 'Sign out',
    report: 'Not me',
    all: 'Sign out all',
    chat: 'Message',
    ask: {
      end: 'Sign “{name}” out?',
      report: 'Was “{name}” not signed in by you? It is signed out at once, and the website keeps a note.',
      all: 'Sign all {count} browsers out?',
    },
    yes: { end: 'Sign out', report: 'Not me', all: 'Sign out all' },
    told: {
      end: 'It is signed out.',
      report: 'It is signed out, and noted as not yours. Never scan a code that somebody sends you.',
      all: 'All browsers are signed out.',
    },
  },
  profile: {
    screens: {
      loading: { title: 'My account', sentence: 'One moment, please.' },
      newcomer: {
        title: 'Register at {site}',
        sentence: 'You have no account here yet. You may leave picture and nickname out.',
      },
      account: { title: 'My account', sentence: 'Your account at {site}: you sign in by scanning.' },
      signed_out: {
        title: 'Signed out',
        sentence: 'This phone is signed out of {site}. Browsers stay signed in.',
      },
      deleted: {
        title: 'Account deleted',
        sentence: 'Your account at {site} and its data are gone. All browsers are signed out.',
      },
    },
    avatar: 'Choose a picture (optional)',
    changeAvatar: 'Change picture',
    nickname: 'Nickname',
    save: 'Save nickname',
    register: 'Register',
    signOut: 'Sign out',
    signIn: 'Sign in again',
    home: 'Home',
    askDelete: 'Delete account',
    deleteQuestion:
      'Your account at {site}, its picture, nickname and sign-ins will be deleted and all browsers signed out. This cannot be undone.',
    deleteAccount: 'Delete for good',
    told: {
      saved: 'The nickname is saved.',
      avatar_saved: 'The picture is changed.',
      registered: 'You are registered. Scan a code to sign in to the website.',
    },
  },
  chat: {
    computer: 'Computer',
    lead: 'Texts and links show up at once on the page of {site} that is open in “{browser}”. They are not kept.',
    empty: 'No messages yet.',
    placeholder: 'Text or a link',
    copy: 'Press and hold a text to copy it.',
    send: 'Send',
    reconnect: 'Connect again',
    failed: 'not delivered',
    presence: {
      connecting: 'Connecting…',
      closed: 'Connecting…',
      lost: 'The connection broke; connecting again…',
      elsewhere: 'This is open in another window. To go on here, tap “Connect again”.',
      slow_down: 'That was too fast. Wait a moment, then tap “Connect again”.',
      stopped: 'Disconnected. Tap “Connect again”; if it stays like this, update WeChat.',
      unknown: 'Connected.',
      here: 'The page on the computer is open.',
      away: 'The page on the computer is closed. Open {site} there, then send.',
    },
  },
};

module.exports = en;
