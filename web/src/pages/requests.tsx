export function RequestsPage(_: { rest: string[] }) { return <p />; }
