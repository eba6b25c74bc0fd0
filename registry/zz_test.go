package registry
import ("testing";"fmt")
func TestZZ(t *testing.T){
 r,err:=LoadFile("/work/shared/registry/workspace-server-providers.yaml")
 if err!=nil{t.Fatal(err)}
 for _,f:=range r.Findings(){fmt.Println(f)}
 for _,x:=range r.Routes(){ if x.By==Pattern||x.Needs!=nil{fmt.Println(x.Runtime,x.Model,x.Provider.Name,x.By,x.Needs)}}
 fmt.Println(len(r.Routes()),len(r.BYOK()))
 for _,p:=range r.BYOK(){ rt,ok:=r.RouteTo(p.Name); fmt.Println(p.Name,rt.Runtime,rt.Model,rt.By,ok,p.Hosts())}
 fmt.Println(r.Provider("vertex").Hosts())
 _,err=Load("x.yaml",[]byte("schema_version: 2\nproviders:\n- name: a\n  auth_evn: [A]\n- name: a\n  auth_env: [A, A, ' B', '']\n  model_prefix_match: '('\n  base_url_template: foo\nruntimes:\n  r:\n    providers: [{name: b}, {name: aa},3]\n  s: {}\n  r: 4\n"))
 fmt.Println(err)
}
